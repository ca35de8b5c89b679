"""The team's apps on Android, as links and passkeys name them."""

from bukhindor.domain.client_app import AndroidApp

ONES, TWOS = ":".join(["11"] * 32), ":".join(["F2"] * 32)


def test_each_certificate_of_an_app_is_an_origin_of_passkeys() -> None:
    app = AndroidApp("com.example.app", (ONES, TWOS))
    assert app.origins == (
        "android:apk-key-hash:ERERERERERERERERERERERERERERERERERERERERERE",
        "android:apk-key-hash:8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vI",
    )


def test_an_app_reads_as_its_setting_does() -> None:
    assert str(AndroidApp("com.example.app", (ONES, TWOS))) == f"com.example.app={ONES},{TWOS}"
