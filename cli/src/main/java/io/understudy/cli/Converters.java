package io.understudy.cli;

import io.understudy.failover.front.ConsoleMode;
import io.understudy.replay.StartPolicy;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How words of the command line become values. Stateless. */
final class Converters {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(us|ms|s|m|h)");

  private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,5})(KiB|MiB|GiB|TiB)");

  private Converters() {}

  /** {@code 200us}, {@code 50ms}, {@code 2s}, {@code 5m} or {@code 1h}. */
  static final class ToDuration implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      Matcher matcher = DURATION.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "expected a whole number with a unit (200us, 50ms, 2s, 5m, 1h), is '" + text + "'");
      }
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "us" -> Duration.of(amount, ChronoUnit.MICROS);
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        default -> Duration.ofHours(amount);
      };
    }
  }

  /** A duration as {@link ToDuration} takes it, or {@code off}, which is zero. */
  static final class ToDurationOrOff implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      if (text.equals("off")) {
        return Duration.ZERO;
      }
      Duration duration = new ToDuration().convert(text);
      if (duration.isZero()) {
        throw new TypeConversionException(
            "expected a time above zero, or 'off', is '" + text + "'");
      }
      return duration;
    }
  }

  /** A count from 1, or {@code off}, which is zero. */
  static final class ToCountOrOff implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      if (text.equals("off")) {
        return 0L;
      }
      if (!text.matches("[1-9]\\d{0,17}")) {
        throw new TypeConversionException(
            "expected a whole number from 1, or 'off', is '" + text + "'");
      }
      return Long.parseLong(text);
    }
  }

  /** {@code 64KiB}, {@code 512MiB}, {@code 20GiB} or {@code 2TiB}; or {@code off}, which is 0. */
  static final class ToSizeOrOff implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      if (text.equals("off")) {
        return 0L;
      }
      Matcher matcher = SIZE.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "expected a whole number from 1 with a unit (64KiB, 512MiB, 20GiB, 2TiB), or 'off', is"
                + " '"
                + text
                + "'");
      }
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "KiB" -> amount << 10;
        case "MiB" -> amount << 20;
        case "GiB" -> amount << 30;
        default -> amount << 40;
      };
    }
  }

  /** {@code host:port} as {@link ToSocketAddress} takes it, or a port of the loopback address. */
  static final class ToHttpAddress implements ITypeConverter<InetSocketAddress> {
    @Override
    public InetSocketAddress convert(String text) {
      return new ToSocketAddress().convert(text.matches("\\d+") ? "127.0.0.1:" + text : text);
    }
  }

  /** A VM id. */
  static final class ToVmId implements ITypeConverter<VmId> {
    @Override
    public VmId convert(String text) {
      return refusing(() -> new VmId(text));
    }
  }

  /** {@code channels} or {@code stream}. */
  static final class ToConsoleMode implements ITypeConverter<ConsoleMode> {
    @Override
    public ConsoleMode convert(String text) {
      return refusing(() -> ConsoleMode.of(text));
    }
  }

  /** {@code host:port}; an IPv6 address stands in brackets. */
  static final class ToSocketAddress implements ITypeConverter<InetSocketAddress> {
    @Override
    public InetSocketAddress convert(String text) {
      int colon = text.lastIndexOf(':');
      String host = colon < 0 ? "" : text.substring(0, colon);
      String port = text.substring(colon + 1);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
      if (host.isBlank() || !port.matches("\\d{1,5}") || Integer.parseInt(port) > 65535) {
        throw new TypeConversionException(
            "expected host:port with a port in [0, 65535], is '" + text + "'");
      }
      InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(port));
      if (address.isUnresolved()) {
        throw new TypeConversionException("no such host: '" + host + "' in '" + text + "'");
      }
      return address;
    }
  }

  /**
   * Where clients of one VM connect.
   *
   * @param vm the VM
   * @param listen where its front listens
   * @param mode how clients share its console
   */
  record FrontOption(VmId vm, InetSocketAddress listen, ConsoleMode mode) {}

  /** {@code vm=host:port}, {@code vm=host:port:stream} or {@code vm=host:port:channels}. */
  static final class ToFront implements ITypeConverter<FrontOption> {
    @Override
    public FrontOption convert(String text) {
      int equals = text.indexOf('=');
      if (equals < 0) {
        throw new TypeConversionException(
            "expected vm=host:port or vm=host:port:stream, is '" + text + "'");
      }
      String place = text.substring(equals + 1);
      ConsoleMode mode = ConsoleMode.CHANNELS;
      Matcher last = Pattern.compile("(.*:\\d+):([^:\\]]*)").matcher(place);
      // An IPv6 address has digits between colons as well, but it ends in a bracket.
      if (last.matches() && !last.group(2).matches("\\d+")) {
        mode = refusing(() -> ConsoleMode.of(last.group(2)));
        place = last.group(1);
      }
      VmId vm = refusing(() -> new VmId(text.substring(0, equals)));
      return new FrontOption(vm, new ToSocketAddress().convert(place), mode);
    }
  }

  /**
   * The TAP interface of one VM.
   *
   * @param vm the VM
   * @param name the interface
   */
  record TapOption(VmId vm, String name) {}

  /** {@code vm=interface}. */
  static final class ToTap implements ITypeConverter<TapOption> {
    @Override
    public TapOption convert(String text) {
      int equals = text.indexOf('=');
      if (equals < 0 || equals == text.length() - 1) {
        throw new TypeConversionException("expected vm=interface, is '" + text + "'");
      }
      return new TapOption(
          refusing(() -> new VmId(text.substring(0, equals))), text.substring(equals + 1));
    }
  }

  /** {@code auto}, {@code beginning} or {@code snapshot}. */
  static final class ToStartPolicy implements ITypeConverter<StartPolicy> {
    @Override
    public StartPolicy convert(String text) {
      for (StartPolicy policy : StartPolicy.values()) {
        if (policy.name().toLowerCase(Locale.ROOT).equals(text)) {
          return policy;
        }
      }
      throw new TypeConversionException("expected auto, beginning or snapshot, is '" + text + "'");
    }
  }

  /** The message of the value's own check, without the converter around it. */
  private static <T> T refusing(java.util.function.Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      TypeConversionException refused = new TypeConversionException(e.getMessage());
      refused.initCause(e);
      throw refused;
    }
  }
}
