// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands that change single pieces of an unmounted filesystem, or break them: {@code edit} and
 * {@code kill_btree_node}. Both say what they would do, and do it only with {@code
 * --yes-i-understand}.
 */
package org.jbcachefs.cli.edit;
