// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Names for the numbers inside of keys, superblocks and nodes, and changing them without asking
 * whether the result makes sense: for experts, and for tests that need a damaged filesystem.
 *
 * <p>{@link org.jbcachefs.format.edit.KeyFields} and {@link
 * org.jbcachefs.format.edit.SuperblockFields} say where each number is; a {@link
 * org.jbcachefs.format.edit.Change} says what becomes of it. Nothing here validates: values that
 * the format forbids can be made, values that the decoders refuse can be changed. Checksums are
 * made right by whoever stores the result. No I/O.
 */
package org.jbcachefs.format.edit;
