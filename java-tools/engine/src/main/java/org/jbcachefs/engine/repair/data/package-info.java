// SPDX-License-Identifier: GPL-2.0-or-later
/** What several repairs do to extents and their pointers. */
package org.jbcachefs.engine.repair.data;
