// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Which bytes of a filesystem's devices are metadata, so that a broken filesystem can be shown to
 * others without what is in its files.
 *
 * <p>Taken are superblocks, journal entries and btree nodes as far as they are written, and nothing
 * that does not say itself that it is one of these: what a damaged pointer leads to, and what is
 * left of former contents behind the written part of a node or between journal entries, may be of a
 * file. Small files lie in keys; they are blotted out unless it is asked otherwise, and checksums
 * made right where they were.
 *
 * <p>Called by the command line; calls {@code recovery} to open, {@code btree} and {@code journal}
 * to find nodes and entries. Writes nothing itself: pieces are handed on in order of their offset.
 */
package org.jbcachefs.engine.dump;
