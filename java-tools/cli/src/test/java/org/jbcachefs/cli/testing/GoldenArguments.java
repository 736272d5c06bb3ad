// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.testing;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;

/** How a command is told to read a golden filesystem. */
public final class GoldenArguments {
  private GoldenArguments() {}

  /**
   * The command's words, its options, the members and the passphrase.
   *
   * @param before what comes before the members
   * @param after what comes behind the first of them
   */
  public static List<String> of(String name, List<String> before, List<String> after) {
    List<String> images = GoldenImages.images(name).stream().map(Object::toString).toList();
    List<String> words = new ArrayList<>(before);
    for (String image : images.subList(1, images.size())) {
      words.add("-d");
      words.add(image);
    }
    if (GoldenImages.passphrase(name) != null) {
      words.add("--passphrase-file");
      words.add(GoldenImages.folder(name).resolve("passphrase").toString());
    }
    words.add(images.getFirst());
    words.addAll(after);
    return words;
  }
}
