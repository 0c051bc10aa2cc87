package io.understudy.failover.front;

import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.X509Certificate;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactorySpi;
import javax.net.ssl.X509TrustManager;

/** Has an algorithm of its own name that fails, unforeseen, at every certificate. */
public final class BrokenTrust extends Provider {
  static final String ALGORITHM = "BrokenTrust";

  private static final long serialVersionUID = 1L;

  BrokenTrust() {
    super(ALGORITHM, "1", "fails");
    put("TrustManagerFactory." + ALGORITHM, Factory.class.getName());
  }

  /** Made by the JDK. */
  public static final class Factory extends TrustManagerFactorySpi {
    @Override
    protected void engineInit(KeyStore store) {
      // Trusts nobody.
    }

    @Override
    protected void engineInit(ManagerFactoryParameters parameters) {
      // Trusts nobody.
    }

    @Override
    protected TrustManager[] engineGetTrustManagers() {
      return new TrustManager[] {new Failing()};
    }
  }

  private static final class Failing implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
      throw new IllegalStateException("broken on purpose");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      throw new IllegalStateException("broken on purpose");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
