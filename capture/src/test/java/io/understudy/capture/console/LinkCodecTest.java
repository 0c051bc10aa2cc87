package io.understudy.capture.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class LinkCodecTest {
  @Property
  void frameSurvivesTheWire(@ForAll("frames") LinkFrame frame) {
    byte[] wire = LinkCodec.encode(frame);
    ByteBuffer buffer = ByteBuffer.wrap(wire);
    assertThat(buffer.getInt()).isEqualTo(wire.length - 4);
    assertThat(LinkCodec.decode(buffer)).isEqualTo(frame);
  }

  @Property
  void anyBytesAreAFrameOrRefused(@ForAll @Size(min = 1, max = 120) byte[] body) {
    try {
      assertThat(LinkCodec.decode(ByteBuffer.wrap(body))).isNotNull();
    } catch (LinkProtocolException refused) {
      assertThat(refused.getMessage()).isNotEmpty();
    }
  }

  /** Written by hand from the table on the package page. */
  @Example
  void wireFormatIsAsDrawn() {
    assertThat(hex(new LinkFrame.Input(258, new byte[] {7, 8})))
        .isEqualTo("0000000b" + "03" + "0000000000000102" + "0708");
    assertThat(hex(new LinkFrame.Attach(new UUID(1, 2), 3, 4)))
        .isEqualTo(
            "00000027"
                + "02"
                + "554e444c"
                + "0001"
                + "0000000000000001"
                + "0000000000000002"
                + "0000000000000003"
                + "0000000000000004");
    assertThat(hex(new LinkFrame.Hello("vm", new UUID(1, 2), 3, 6, 5, 7, 8)))
        .isEqualTo(
            "00000042"
                + "01"
                + "554e444c"
                + "0001"
                + "02"
                + "766d"
                + "0000000000000001"
                + "0000000000000002"
                + "0000000000000003"
                + "0000000000000006"
                + "0000000000000005"
                + "0000000000000007"
                + "0000000000000008");
    assertThat(hex(new LinkFrame.Goodbye("so"))).isEqualTo("00000003" + "09" + "736f");
  }

  @Example
  void otherVersionIsNamed() {
    byte[] wire = LinkCodec.encode(new LinkFrame.Attach(new UUID(1, 2), 3, 4));
    wire[10] = 9;
    assertThatThrownBy(() -> LinkCodec.decode(ByteBuffer.wrap(wire, 4, wire.length - 4)))
        .isInstanceOf(LinkProtocolException.class)
        .hasMessageContaining("supported=1 found=9");
  }

  private static String hex(LinkFrame frame) {
    return HexFormat.of().formatHex(LinkCodec.encode(frame));
  }

  @Provide
  Arbitrary<LinkFrame> frames() {
    Arbitrary<Long> offsets = Arbitraries.longs().greaterOrEqual(0);
    Arbitrary<Long> anyLong = Arbitraries.longs();
    Arbitrary<byte[]> input =
        Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(LinkFrame.INPUT_BYTES_MAX);
    Arbitrary<byte[]> output =
        Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(LinkFrame.OUTPUT_BYTES_MAX);
    Arbitrary<UUID> ids = Combinators.combine(anyLong, anyLong).as(UUID::new);
    return Arbitraries.oneOf(
        Combinators.combine(offsets, input).as(LinkFrame.Input::new),
        Combinators.combine(offsets, output).as(LinkFrame.Output::new),
        Combinators.combine(ids, offsets, offsets).as(LinkFrame.Attach::new),
        offsets.map(LinkFrame.InputAck::new),
        offsets.map(LinkFrame.OutputAck::new),
        anyLong.map(LinkFrame.Ping::new),
        anyLong.map(LinkFrame.Pong::new),
        Arbitraries.strings().alpha().ofMaxLength(1000).map(LinkFrame.Goodbye::new));
  }
}
