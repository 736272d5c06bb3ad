// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The messages, both ways. */
final class Messages {
  private static final String VERSION = "jbcachefs_control";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Messages() {}

  /**
   * A command to be run.
   *
   * @param paths from the mount's root, raw
   * @param zone id of the caller's time zone
   */
  record Request(String command, List<String> arguments, List<byte[]> paths, String zone) {}

  /** What came of it. */
  record Answer(int code, byte[] out, byte[] err) {}

  static byte[] encode(Request request) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put(VERSION, 1).put("command", request.command()).put("zone", request.zone());
    ArrayNode arguments = json.putArray("arguments");
    request.arguments().forEach(arguments::add);
    ArrayNode paths = json.putArray("paths");
    request.paths().forEach(paths::add);
    return bytes(json);
  }

  static Request request(byte[] message) throws IOException {
    JsonNode json = MAPPER.readTree(message);
    if (json.path(VERSION).asInt() != 1) {
      throw new IOException("this daemon understands version 1 of its messages alone");
    }
    List<String> arguments = new ArrayList<>();
    json.path("arguments").forEach(argument -> arguments.add(argument.asText()));
    List<byte[]> paths = new ArrayList<>();
    for (JsonNode path : json.path("paths")) {
      paths.add(path.binaryValue());
    }
    return new Request(
        json.path("command").asText(), arguments, paths, json.path("zone").asText("UTC"));
  }

  static byte[] encode(Answer answer) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("code", answer.code()).put("out", answer.out()).put("err", answer.err());
    return bytes(json);
  }

  static Answer answer(byte[] message) throws IOException {
    JsonNode json = MAPPER.readTree(message);
    byte[] out = json.path("out").binaryValue();
    byte[] err = json.path("err").binaryValue();
    if (out == null || err == null) {
      throw new IOException("the daemon's answer makes no sense");
    }
    return new Answer(json.path("code").asInt(1), out, err);
  }

  private static byte[] bytes(ObjectNode json) {
    try {
      return MAPPER.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values is always JSON", e);
    }
  }
}
