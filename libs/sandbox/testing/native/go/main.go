package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type Event struct {
	Probe string `json:"probe"`
}

type OrderMissing struct{ number int }

func (e OrderMissing) Error() string { return fmt.Sprintf("no order %d", e.number) }

func handler(ctx context.Context, event Event) (any, error) {
	switch event.Probe {
	case "context":
		found, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"requestId": found.AwsRequestID, "arn": found.InvokedFunctionArn, "function": lambdacontext.FunctionName,
			"memory": lambdacontext.MemoryLimitInMB, "logStream": lambdacontext.LogStreamName, "deadline": deadline.UnixMilli(),
			"custom": found.ClientContext.Custom, "executionEnv": os.Getenv("AWS_EXECUTION_ENV"),
		}, nil
	case "error":
		return nil, errors.New("not today")
	case "custom":
		return nil, OrderMissing{7}
	case "panic":
		panic("all is lost")
	case "log":
		fmt.Println("from Go")
		return nil, nil
	}
	return event, nil
}

func main() { lambda.Start(handler) }
