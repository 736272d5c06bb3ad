// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.ReadIn;
import org.jbcachefs.fuse.protocol.Wire;
import org.junit.jupiter.api.Test;

class RequestTest {
  private final LocalRequests requests = new LocalRequests();

  @Test
  void argumentsAndNamesAreFoundBehindTheHeader() {
    Request read = requests.of(Opcode.READ, 5, 0L, 123_456L, 4096, 0, 0L, 0, 0);
    assertEquals(123_456, read.argument64(ReadIn.OFFSET));
    assertEquals(4096, read.argument32(ReadIn.SIZE));
    assertEquals(5, read.node());
    Request xattr = requests.of(Opcode.GETXATTR, 5, 100, 0, "user.x");
    assertEquals(100, xattr.argument32(0));
    assertArrayEquals("user.x".getBytes(StandardCharsets.UTF_8), xattr.name());
  }

  @Test
  void aNameWithoutItsNulEndsWithTheRequest() {
    byte[] bytes = new byte[InHeader.BYTES + 3];
    MemorySegment segment = MemorySegment.ofArray(bytes);
    Wire.u32(segment, InHeader.LENGTH, bytes.length);
    Wire.u32(segment, InHeader.OPCODE, Opcode.LOOKUP);
    Wire.bytes(segment, InHeader.BYTES, new byte[] {'a', 'b', 'c'});
    assertArrayEquals(new byte[] {'a', 'b', 'c'}, requests.raw(bytes).name());
  }

  @Test
  void missingArgumentsReadAsZero() {
    Request getattr = requests.of(Opcode.GETATTR, 1);
    assertEquals(0, getattr.argument32(0));
    assertEquals(0, getattr.argument64(8));
  }

  @Test
  void aRequestThatContradictsItsLengthIsMalformed() {
    MemorySegment in = Arena.ofAuto().allocate(4096);
    Request request = Request.together(in, in);
    Wire.u32(in, InHeader.LENGTH, 100);
    assertFalse(request.received(99));
    assertFalse(request.received(10));
    assertTrue(request.received(100));
  }

  @Test
  void payloadIsNotReadBeyondItsEnd() {
    Request forget = requests.of(Opcode.BATCH_FORGET, 0, 1, 0, 9L, 1L);
    assertEquals(16, forget.payloadLength());
    assertEquals(9, forget.payload64(0));
    assertThrows(IndexOutOfBoundsException.class, () -> forget.payload64(9));
  }

  @Test
  void partsThatLieApartReadTheSame() {
    MemorySegment header = Arena.ofAuto().allocate(128);
    MemorySegment arguments = Arena.ofAuto().allocate(128);
    MemorySegment payload = Arena.ofAuto().allocate(4096);
    Request request = Request.apart(header, arguments, payload);
    Wire.u32(header, InHeader.OPCODE, Opcode.GETXATTR);
    Wire.u32(arguments, 0, 55);
    Wire.bytes(payload, 0, "user.x\0".getBytes(StandardCharsets.UTF_8));
    assertTrue(request.received(7));
    assertEquals(55, request.argument32(0));
    assertEquals("user.x", new String(request.name(), StandardCharsets.UTF_8));
    assertFalse(request.received(4097));
    assertFalse(request.received(-1));
  }
}
