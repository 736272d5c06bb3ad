// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code mount} and {@code umount}: from words to an open filesystem that the {@code fuse} module
 * serves. {@link org.jbcachefs.cli.mount.MountTraining} does the same without a kernel, for Java to
 * learn from.
 */
package org.jbcachefs.cli.mount;
