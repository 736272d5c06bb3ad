// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What a command prints: text for people, JSON for programs, problems and progress on standard
 * error.
 *
 * <p>{@link org.jbcachefs.cli.output.Output} is standard output in one of its three forms; {@link
 * org.jbcachefs.cli.output.JsonWriter} keeps the rules of JSON (integers above 2^53 as strings,
 * names that are no UTF-8 also as hex). Names are bytes; {@link org.jbcachefs.cli.output.Names}
 * turns them to strings and back without loss. Nothing depends on the locale or the time zone.
 */
package org.jbcachefs.cli.output;
