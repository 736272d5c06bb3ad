// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Looking at files of a filesystem that is not mounted: {@code ls}, {@code tree}, {@code stat},
 * {@code cat}.
 *
 * <p>{@link org.jbcachefs.cli.files.PathResolver} finds files by path inside the image (never
 * outside: symbolic links are followed within it), {@link org.jbcachefs.cli.files.TreeWalk} visits
 * a tree without trusting it: a directory that is reached a second time, as only damage can make
 * it, is reported and not entered. Names are bytes.
 */
package org.jbcachefs.cli.files;
