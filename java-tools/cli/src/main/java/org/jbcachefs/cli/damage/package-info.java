// SPDX-License-Identifier: GPL-2.0-or-later
/** The command {@code damage}: which files are hurt, and how. */
package org.jbcachefs.cli.damage;
