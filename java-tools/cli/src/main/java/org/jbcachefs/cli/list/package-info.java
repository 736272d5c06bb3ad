// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The {@code list} command: keys and nodes of one btree as text, in the reference's manner, or as
 * JSON.
 *
 * <p>{@link org.jbcachefs.cli.list.ListCommand} parses and opens, {@link
 * org.jbcachefs.cli.list.KeyLister} shows keys, {@link org.jbcachefs.cli.list.NodeLister} nodes.
 */
package org.jbcachefs.cli.list;
