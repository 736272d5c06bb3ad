// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The command line: finding the command, parsing its options, rendering errors, exit codes. No
 * filesystem logic lives here; commands call the engine and print what it says.
 *
 * <h2>How a command gets here</h2>
 *
 * {@link org.jbcachefs.cli.Cli} looks the words of the command line up in {@link
 * org.jbcachefs.cli.CommandTable}, makes that one command, lets picocli fill its annotated fields
 * and calls {@link org.jbcachefs.cli.CliCommand#run}. Classes of other commands are not even
 * loaded, which is what keeps the start short; {@code version} and {@code --help} touch neither
 * picocli nor the engine nor jackson.
 *
 * <h2>How to add one</h2>
 *
 * <ol>
 *   <li>Write a class that implements {@link org.jbcachefs.cli.CliCommand}, with picocli's
 *       {@code @Command(name = ..., description = ...)} on it and {@code @Option},
 *       {@code @Parameters} on its fields. Write long options with {@code -}: {@code --data-type};
 *       the user may as well type {@code --data_type}. {@code --help}, {@code --debug} and {@code
 *       --json} come by themselves ({@link org.jbcachefs.cli.StandardOptions}); {@code -h} means
 *       help unless the command declares it. It is package-private or public, in a package of
 *       {@code org.jbcachefs.cli} named after its subject (files, superblock, btree, journal,
 *       verify, mount).
 *   <li>Take what it needs from the {@link org.jbcachefs.cli.Invocation}: {@code out()} for
 *       standard output (text or JSON), {@code problem(...)} and {@code note(...)} for standard
 *       error, {@code progress(...)}, the environment, the clock. Never {@code System.out}, never
 *       {@code System.exit}.
 *   <li>For devices declare {@code @Mixin} {@link org.jbcachefs.cli.open.MemberOptions} (and {@link
 *       org.jbcachefs.cli.open.ReadOptions} to open the filesystem); they give {@code -d}, {@code
 *       -o}, {@code --passphrase-file}, {@code --rescue}.
 *   <li>Return an {@link org.jbcachefs.cli.ExitCode}. Let exceptions of {@code
 *       org.jbcachefs.format.error} and {@code IOException} pass: they are rendered as one sentence
 *       and end with 1. Throw {@link org.jbcachefs.cli.UsageException} for a wrong command line.
 *   <li>Add a line to the list in {@link org.jbcachefs.cli.CommandTable} and a case to its {@code
 *       create}; groups ({@code fs usage}) are two words in the name.
 *   <li>Describe its JSON in docs/json.md.
 * </ol>
 */
package org.jbcachefs.cli;
