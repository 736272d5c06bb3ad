// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code list_journal}: the entries of a journal as text and as JSON, chosen by sequence number, by
 * transaction, by btree and by key. What an entry holds is decoded elsewhere.
 */
package org.jbcachefs.cli.journal;
