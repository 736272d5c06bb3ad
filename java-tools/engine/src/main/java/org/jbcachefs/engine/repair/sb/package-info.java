// SPDX-License-Identifier: GPL-2.0-or-later
/** Repairs of superblocks. */
package org.jbcachefs.engine.repair.sb;
