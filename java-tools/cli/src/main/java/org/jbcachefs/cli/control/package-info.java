// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands that concern a mounted filesystem run in its daemon, which alone knows how it is at the
 * moment and alone may change it: a {@link org.jbcachefs.cli.control.MountedCommand} names paths;
 * if one of our mounts holds them, {@link org.jbcachefs.cli.control.DaemonCall} sends the whole
 * command there, where {@link org.jbcachefs.cli.control.DaemonCommands} runs it and sends back what
 * it would have printed. How the bytes get there is the business of {@code
 * org.jbcachefs.fuse.control}.
 *
 * <pre>
 * {"jbcachefs_control": 1, "command": "subvolume list", "arguments": ["-R", "/mnt/a"],
 *  "paths": [bytes as base64, from the mount's root], "zone": "UTC"}
 * {"code": 0, "out": base64, "err": base64}
 * </pre>
 */
package org.jbcachefs.cli.control;
