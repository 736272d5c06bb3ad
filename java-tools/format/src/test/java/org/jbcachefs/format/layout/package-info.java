// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Every offset, width, bit range, enumeration and constant of the format that this project
 * declares, held against {@code tests/golden/layout-1.38.txt}.
 *
 * <p>A {@link org.jbcachefs.format.layout.LayoutClaims} class for each part of the format says
 * which fact of the file each declared constant stands for; {@link
 * org.jbcachefs.format.layout.LayoutTest} lists these classes, and fails for claims that are wrong,
 * for facts that nobody claims, and for facts set aside without a reason.
 */
package org.jbcachefs.format.layout;
