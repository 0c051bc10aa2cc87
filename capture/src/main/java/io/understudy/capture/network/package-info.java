/**
 * The guest's network: frames from outside become inputs, frames of the guest wait in the output
 * gate. Frames may be lost and may come twice, as in any network.
 */
package io.understudy.capture.network;
