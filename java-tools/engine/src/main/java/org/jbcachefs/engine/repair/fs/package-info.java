// SPDX-License-Identifier: GPL-2.0-or-later
/** Repairs of files: inodes, names, extents, and the lists that speak of them. */
package org.jbcachefs.engine.repair.fs;
