// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Images of directories: filesystems in one file that are as small as they can be, without a
 * journal, to be read, and to be made larger by whoever mounts them for writing. While one is being
 * written it has a second member, a temporary file, for the journal and all metadata; {@link
 * org.jbcachefs.engine.image.ImageSession} puts what is to stay into the image at last, behind the
 * data, and forgets the other member.
 *
 * <p>An image that is updated shows what it showed before until the last write, whatever happens:
 * nothing that its superblock leads to is overwritten, and the superblock is written at the end.
 */
package org.jbcachefs.engine.image;
