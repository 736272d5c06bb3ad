// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What the operating system knows and the JDK does not say: whether a stream is a terminal and how
 * wide, the raw bytes of the command line, reading a passphrase without echo, the kernel's keyring.
 *
 * <p>Everything here works without compiled code of this project; where the system lacks something
 * (no /proc, no keyring) the answer is the modest one. Commands reach it through the invocation.
 */
package org.jbcachefs.cli.platform;
