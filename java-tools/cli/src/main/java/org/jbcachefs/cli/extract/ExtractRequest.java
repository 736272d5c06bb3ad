// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import org.jbcachefs.engine.fs.FileId;

/**
 * What to extract.
 *
 * @param path of the file or directory in the image, for messages
 * @param file the file or directory itself
 * @param overwrite replace files that are in the way
 * @param keepOwners whether this process may give files to others
 * @param setRoot whether the destination gets the directory's own attributes
 * @param workers how many threads copy files
 */
record ExtractRequest(
    byte[] path,
    FileId file,
    boolean overwrite,
    boolean keepOwners,
    boolean setRoot,
    int workers) {}
