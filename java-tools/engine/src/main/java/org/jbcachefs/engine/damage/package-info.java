// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Which files of a filesystem are hurt, and how: what the checker finds in the metadata and what
 * reading every copy of everything finds, brought together by path. Reads only.
 */
package org.jbcachefs.engine.damage;
