// SPDX-License-Identifier: GPL-2.0-or-later
/** {@code dump} and {@code undump}: a filesystem's metadata as qcow2 images, and back. */
package org.jbcachefs.cli.dump;
