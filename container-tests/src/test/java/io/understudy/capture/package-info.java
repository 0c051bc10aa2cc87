/** Tests of the primary that need a container engine and what only its own package may touch. */
package io.understudy.capture;
