// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Output;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code help --json}: every command with its options and arguments. */
final class HelpJson {
  private HelpJson() {}

  static void write(Output out) {
    out.beginList();
    CommandModel.all().forEach(model -> out.item(json -> command(json, model)));
  }

  private static void command(JsonWriter json, CommandModel model) {
    json.beginObject().field("name", model.name()).field("section", model.section());
    json.field("summary", model.summary()).beginArray("aliases");
    model.aliases().forEach(json::value);
    json.endArray().beginArray("options");
    model.spec().options().stream()
        .filter(option -> !option.hidden())
        .forEach(option -> option(json, option));
    json.endArray().beginArray("arguments");
    model.spec().positionalParameters().forEach(argument -> argument(json, argument));
    json.endArray().endObject();
  }

  private static void option(JsonWriter json, OptionSpec option) {
    json.beginObject().beginArray("names");
    for (String name : option.names()) {
      json.value(name);
    }
    json.endArray();
    json.field("value", option.arity().max() == 0 ? null : option.paramLabel());
    json.field("description", String.join(" ", option.description())).endObject();
  }

  private static void argument(JsonWriter json, PositionalParamSpec argument) {
    json.beginObject().field("name", argument.paramLabel());
    json.field("required", argument.required());
    json.field("several", argument.isMultiValue());
    json.field("description", String.join(" ", argument.description())).endObject();
  }
}
