// SPDX-License-Identifier: GPL-2.0-or-later
/** What tests of the engine and of everything above it share; shipped as a test-jar. */
package org.jbcachefs.engine.testing;
