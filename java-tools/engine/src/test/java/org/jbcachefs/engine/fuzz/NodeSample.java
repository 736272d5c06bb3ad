// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import org.jbcachefs.format.node.BtreePointer;

/** A node of an image: the pointer to it and its bytes. */
record NodeSample(String image, BtreePointer pointer, Sample sample) {}
