// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Changing single keys, nodes, journal entries and superblock fields of an unmounted filesystem in
 * place: what experts ask for, and what makes the damaged filesystems that the checker is tested
 * with. The language is described at {@link org.jbcachefs.engine.edit.Statement}.
 *
 * <p>Nothing of what the filesystem promises is kept but its checksums: no journal entry is
 * written, no counter, backpointer or bucket follows. A node is rewritten where it lies, on all its
 * devices; a power cut in between leaves it damaged. In an encrypted filesystem the new bytes are
 * encrypted under the nonce of the old ones, so whoever has both learns their difference.
 *
 * <p>Called by the command line and by tests; calls {@code recovery} to open, {@code btree} and
 * {@code journal} to read. Not thread-safe.
 */
package org.jbcachefs.engine.edit;
