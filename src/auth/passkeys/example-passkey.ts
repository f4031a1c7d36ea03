/** A passkey of the documentation: of nobody, for http://localhost:8000, with challenges that no service draws again. */
export const EXAMPLE_CREDENTIAL_ID = 'Oh6I-AYNue4KNcurpZiVqyRD2fs9An7KsKOLFr635gc';

export const EXAMPLE_CHALLENGE = 'cP0vN8yQx2LkRz6sWtB1mJ4hG7dF9aE3uI5oTqXnVbY';

/** Answers the challenge mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M. */
export const EXAMPLE_REGISTRATION = {
  clientDataJSON:
    'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoibVRxMGZSYjFOM3lYY1o4dUo1a0x3VmhQYUUyc0dkTzdpUTl0S3hCbkM0TSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6ODAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZX0',
  attestationObject:
    'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NNAAAAAAAAAAAAAAAAAAAAAAAAAAAAIDoeiPgGDbnuCjXLq6WYlaskQ9n7PQJ-yrCjixa-t-YHpQECAyYgASFYIEqTZj4uqN43-AHxxQDX5FO1I6nggWqU9FaI0QrFFFRjIlggRi469UAcJs7EsRL0EYf9Km6Yd6kZC8ScGnbc3jCh9gs',
  transports: ['internal', 'hybrid'],
};

/** Answers EXAMPLE_CHALLENGE, for a login with a name: it names no user. */
export const EXAMPLE_ASSERTION = {
  clientDataJSON:
    'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiY1Awdk44eVF4MkxrUno2c1d0QjFtSjRoRzdkRjlhRTN1STVvVHFYblZiWSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6ODAwMCIsImNyb3NzT3JpZ2luIjpmYWxzZX0',
  authenticatorData: 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MNAAAAAA',
  signature:
    'MEUCIF_mIzzKztix8lu6mNch63dz1tDE7wB82WJJIJlRe1enAiEA-jDF0jT-EpfHfyoDt2tYYVKatf4qArGzZ-_sl2kX_vQ',
};
