// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

/**
 * What contradicts the format in a key.
 *
 * @param errorName the format's own fsck error id by name
 * @param what one sentence without the place
 */
public record Problem(String errorName, String what) {}
