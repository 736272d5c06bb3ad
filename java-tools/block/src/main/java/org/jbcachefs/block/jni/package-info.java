// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * libjbcachefs, the native library: finding and loading it, and what its failures are: an {@link
 * org.jbcachefs.block.jni.NativeException} of an operation's name and an errno. Every class with
 * native methods lives in the room that gives them their meaning and takes library and errors from
 * here. Native code never calls Java.
 */
package org.jbcachefs.block.jni;
