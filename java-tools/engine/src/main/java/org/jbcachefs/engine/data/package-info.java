// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * File data: extents to bytes, whatever lies between: replicas, checksums, compression, encryption,
 * stripes.
 */
package org.jbcachefs.engine.data;
