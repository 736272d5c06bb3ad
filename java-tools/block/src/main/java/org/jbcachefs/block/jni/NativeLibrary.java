// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.jni;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** Finds and loads libjbcachefs. */
public final class NativeLibrary {
  /** System property: the library's directory. */
  public static final String PROPERTY = "jbcachefs.native";

  private static final String FILE = "libjbcachefs.so";

  private NativeLibrary() {}

  /**
   * Loads the library from the directory that the system property {@value #PROPERTY} names, or else
   * from java.library.path. Loading it again does nothing.
   *
   * @throws RefusedException if it is not there or does not fit this machine
   */
  public static void load() {
    Path file = find();
    if (file == null) {
      throw new RefusedException(
          "no_native_library",
          Place.NOWHERE,
          FILE
              + " is not where it was looked for ("
              + String.join(", ", places().stream().map(Path::toString).toList())
              + "); this needs it: cmake -S . -B build && cmake --build build");
    }
    try {
      System.load(file.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw new RefusedException(
          "no_native_library",
          Place.device(file.toString(), -1),
          "cannot be loaded: " + e.getMessage());
    }
  }

  /** Whether there is a library to load. */
  public static boolean isPresent() {
    return find() != null;
  }

  private static Path find() {
    for (Path place : places()) {
      if (Files.isRegularFile(place)) {
        return place;
      }
    }
    return null;
  }

  private static List<Path> places() {
    String property = System.getProperty(PROPERTY);
    if (property != null) {
      return List.of(Path.of(property, FILE));
    }
    List<Path> places = new ArrayList<>();
    for (String directory : System.getProperty("java.library.path", "").split(":", -1)) {
      if (!directory.isEmpty()) {
        places.add(Path.of(directory, FILE));
      }
    }
    return places;
  }
}
