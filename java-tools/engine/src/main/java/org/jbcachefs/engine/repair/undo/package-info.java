// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Taking a repair back: {@link org.jbcachefs.engine.repair.undo.UndoRecording} keeps whatever is
 * overwritten, {@link org.jbcachefs.engine.repair.undo.Undo} puts it back, bit for bit.
 */
package org.jbcachefs.engine.repair.undo;
