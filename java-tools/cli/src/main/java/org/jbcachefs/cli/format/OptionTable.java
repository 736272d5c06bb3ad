// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.FilesystemOption.Kind;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options of filesystems and members as options of a command: {@code --name=value}, for yes and no
 * also {@code --name} and {@code --noname}.
 */
public final class OptionTable {
  private final Map<String, FilesystemOption> byName = new TreeMap<>();

  /** A table of those options that superblocks of this version keep. */
  public OptionTable(Predicate<FilesystemOption> chosen) {
    for (FilesystemOption option : FilesystemOption.values()) {
      if (chosen.test(option)) {
        byName.put(name(option), option);
      }
    }
  }

  private static String name(FilesystemOption option) {
    return "--" + option.toString().replace('_', '-');
  }

  /** Declares them all; a value that is given goes to {@code sink}, in the order of the words. */
  public void declare(CommandSpec spec, BiConsumer<FilesystemOption, String> sink) {
    for (Map.Entry<String, FilesystemOption> entry : byName.entrySet()) {
      FilesystemOption option = entry.getValue();
      boolean device = option.is(FilesystemOption.Scope.DEVICE);
      spec.addOption(
          OptionSpec.builder(entry.getKey())
              .type(String.class)
              .arity(option.kind() == Kind.BOOL ? "0..1" : "1")
              .paramLabel(OptionValues.words(option))
              .description(
                  (device ? "Of the devices that follow: " : "")
                      + (option.effect() + ".").replace("%", "%%"))
              .setter(setter(option, sink))
              .build());
    }
  }

  private static ISetter setter(
      FilesystemOption option, BiConsumer<FilesystemOption, String> sink) {
    return new ISetter() {
      @Override
      public <T> T set(T value) {
        if (value != null) {
          sink.accept(option, value.toString());
        }
        return null;
      }
    };
  }

  /** Arguments with {@code --name} and {@code --noname} of yes-or-no options given their value. */
  public List<String> prepared(List<String> arguments) {
    List<String> prepared = new ArrayList<>();
    boolean options = true;
    for (String argument : arguments) {
      options &= !argument.equals("--");
      prepared.add(options ? withValue(argument) : argument);
    }
    return prepared;
  }

  private String withValue(String argument) {
    if (isYesOrNo(argument)) {
      return argument + "=1";
    }
    for (String no : new String[] {"--no-", "--no"}) {
      if (argument.startsWith(no) && isYesOrNo("--" + argument.substring(no.length()))) {
        return "--" + argument.substring(no.length()) + "=0";
      }
    }
    return argument;
  }

  private boolean isYesOrNo(String name) {
    FilesystemOption option = byName.get(name);
    return option != null && option.kind() == Kind.BOOL;
  }
}
