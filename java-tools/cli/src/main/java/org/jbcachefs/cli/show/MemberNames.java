// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.Map;

/**
 * What the members that are at hand are called.
 *
 * @param paths by device index
 */
public record MemberNames(Map<Integer, String> paths) {
  public MemberNames {
    paths = Map.copyOf(paths);
  }

  /** The path, or "(not found)". */
  String path(int device) {
    return paths.getOrDefault(device, "(not found)");
  }

  /** The path's last part, or "dev-N". */
  String shortName(int device) {
    String path = paths.get(device);
    return path == null ? "dev-" + device : path.substring(path.lastIndexOf('/') + 1);
  }
}
