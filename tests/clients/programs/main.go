// The whole flow with the client of oapi-codegen.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"clients/api"

	openapi_types "github.com/oapi-codegen/runtime/types"
)

const password = "violet-otter-41"

func main() {
	url, email := os.Args[1], os.Args[2]
	ctx := context.Background()
	access := ""
	bearer := func(_ context.Context, request *http.Request) error {
		if access != "" {
			request.Header.Set("Authorization", "Bearer "+access)
		}
		return nil
	}
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(bearer))
	check(err == nil, err)
	address := openapi_types.Email(email)

	made, err := client.RegisterWithResponse(ctx, nil, api.RegisterBody{Name: "Anna", Email: address, Password: password})
	check(err == nil && made.JSON201 != nil && made.JSON201.User.Email == email, err)
	code, secret := codeFor(url, email), password
	proof := api.ConfirmEmailBody{Email: &address, Code: &code, Password: &secret}
	confirmed, err := client.ConfirmEmailWithResponse(ctx, nil, proof)
	check(err == nil && confirmed.JSON200 != nil, err)
	signedIn, err := client.LoginWithResponse(ctx, nil, api.LoginBody{Email: address, Password: password})
	check(err == nil && signedIn.JSON200 != nil, err)
	old := signedIn.JSON200.User.RefreshToken
	renewed, err := client.RefreshWithResponse(ctx, nil, api.RefreshBody{RefreshToken: &old})
	check(err == nil && renewed.JSON200 != nil, err)
	access = renewed.JSON200.Tokens.AccessToken
	me, err := client.MeWithResponse(ctx)
	check(err == nil && me.JSON200 != nil && me.JSON200.EmailVerified, err)
	sessions, err := client.ListSessionsWithResponse(ctx)
	check(err == nil && sessions.JSON200 != nil && len(sessions.JSON200.Sessions) == 1, err)
	out, err := client.LogoutWithResponse(ctx, api.LogoutBody{})
	check(err == nil && out.JSON200 != nil, err)
	refused, err := client.MeWithResponse(ctx)
	check(err == nil && refused.StatusCode() == http.StatusUnauthorized, err)
}

func check(ok bool, err error) {
	if !ok {
		panic(fmt.Sprintf("not as expected: %v", err))
	}
}

func codeFor(url, email string) string {
	for attempt := 0; attempt < 50; attempt++ {
		answer, err := http.Get(url + "/dev/mailbox.json")
		check(err == nil, err)
		var mailbox struct {
			Messages []struct {
				To    string
				Codes []string
			}
		}
		err = json.NewDecoder(answer.Body).Decode(&mailbox)
		answer.Body.Close()
		check(err == nil, err)
		for _, mail := range mailbox.Messages {
			if mail.To == email && len(mail.Codes) > 0 {
				return mail.Codes[0]
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	panic("no mail with a code")
}
