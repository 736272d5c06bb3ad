// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * From words on the command line to an open filesystem: which devices are meant, which passphrase,
 * which mount-style options.
 *
 * <p>Commands declare {@link org.jbcachefs.cli.open.MemberOptions} (devices only) or {@link
 * org.jbcachefs.cli.open.ReadOptions} (to read the filesystem on them) as a picocli mixin.
 */
package org.jbcachefs.cli.open;
