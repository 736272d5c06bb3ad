// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code fs top}: what a mounted filesystem does, as it goes. The daemon only says what it has
 * counted by now, as JSON ({@link org.jbcachefs.cli.top.FsTopCommand} with a hidden option); the
 * process that was typed asks again and again, and prints differences. So nothing runs on in a
 * daemon for somebody who has gone.
 */
package org.jbcachefs.cli.top;
