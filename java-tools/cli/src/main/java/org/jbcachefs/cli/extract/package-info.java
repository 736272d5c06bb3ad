// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code extract}: copying a tree out of a filesystem that is not mounted.
 *
 * <p>{@link org.jbcachefs.cli.extract.Extraction} walks the tree in one thread and hands files to
 * workers. A {@link org.jbcachefs.cli.extract.Destination} writes: {@link
 * org.jbcachefs.cli.extract.LinuxDestination} with system calls relative to directory descriptors,
 * {@link org.jbcachefs.cli.extract.PortableDestination} with what the JDK has, elsewhere.
 *
 * <p>Invariants: the image is not trusted; nothing is ever written outside of the destination,
 * whatever names and links the image holds: names go through {@link
 * org.jbcachefs.cli.files.BytePath#isProperName}, directories are opened one name at a time without
 * following links. Times are set last, directories' after all that is in them, so that a file whose
 * size and time are right is whole. What cannot be read is never filled in: readable ranges stay,
 * under another name.
 */
package org.jbcachefs.cli.extract;
