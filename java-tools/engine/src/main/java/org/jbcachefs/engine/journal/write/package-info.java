// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Writing the journal.
 *
 * <p>{@link org.jbcachefs.engine.journal.write.Journal} has one open entry, into which commits put
 * their updates under the commit lock. A flush closes it and writes it; callers that come while a
 * write is on its way share the next one. What an entry ends with (all roots, key version, clocks,
 * time, rewind limit) is added when it is closed, and so is last_seq: the oldest entry that
 * somebody still pins ({@link org.jbcachefs.engine.journal.write.JournalPins}).
 *
 * <p>Order of a write ({@link org.jbcachefs.engine.journal.write.EntryWriter}): the superblock
 * names the devices; every writable device's cache is flushed; the entry is written, forced to the
 * media, to as many devices as metadata has replicas; only then does it count. Entries are written
 * one after another. The first entry after a clean end comes before the superblock says that the
 * filesystem is in use, and nobody is told that anything is durable before both are.
 *
 * <p>A journal bucket is written over when the newest durable entry needs nothing in it. The last
 * free ones are kept for the work that makes entries needless.
 */
package org.jbcachefs.engine.journal.write;
