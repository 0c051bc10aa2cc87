package io.understudy.machine;

/** What a machine executes: an image, and how it is started. Immutable. */
public sealed interface GuestProgram permits GuestImage, LinuxGuest {
  /** What to call it in messages. */
  String name();

  /** SHA-256 of the image's file; what the run header records and a standby compares. */
  byte[] sha256();

  /** How the image is started, as the run header records it: one of {@code Attachments}' names. */
  String boot();

  /** SHA-256 of the initial RAM disk in lower-case hexadecimal; empty when there is none. */
  String initrdSha256();
}
