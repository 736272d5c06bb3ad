// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands for encrypted filesystems: giving the kernel's keyring the key, and changing the
 * passphrase that locks a filesystem's own.
 */
package org.jbcachefs.cli.encryption;
