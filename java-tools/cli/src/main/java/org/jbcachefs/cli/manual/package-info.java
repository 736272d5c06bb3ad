// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Manual pages in roff, made from the commands' own models when a package is built, so that they
 * say what {@code --help} says. {@link org.jbcachefs.cli.manual.ManualPages} is the generator's
 * program; nothing here runs in an installed jbcachefs. Only the words of man(7) that every
 * renderer knows are used.
 */
package org.jbcachefs.cli.manual;
