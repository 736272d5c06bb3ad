// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Transactions: how anything in a filesystem changes.
 *
 * <p>A {@link org.jbcachefs.engine.commit.Transaction} gathers: it reads keys, remembers what it
 * read, and collects changes of single keys. {@link org.jbcachefs.engine.commit.Committer} carries
 * it out: under the one commit lock what was read is compared with what is, and then
 *
 * <ol>
 *   <li>what follows from each change is computed: the difference of what the new key and the old
 *       one contribute to buckets, backpointers and counters ({@code alloc.write}), then the bucket
 *       state machine, whose results carry the commit's journal sequence number;
 *   <li>every key's node is looked up, in memory alone;
 *   <li>all is written into the open journal entry and into the nodes' tails.
 * </ol>
 *
 * <p>Until the last step nothing is changed; in it nothing fails. Whatever is missing (a node in
 * memory, room in the journal, a replicas entry in the superblock) ends the attempt; it is seen to
 * without the lock, and the attempt repeated.
 *
 * <p>A commit is durable when {@code Journal.flush} of its sequence number has returned. Readers
 * see it at once, key by key.
 */
package org.jbcachefs.engine.commit;
